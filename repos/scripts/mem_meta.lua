-- Sets a number of a conversation, or adds to it.
--
-- KEYS  1 list, 2 meta (hash)
-- ARGV  1 now, unix ms   2 ttl, ms, 0: none   3 "0"   4 field   5 "set" or "add"   6 number
-- Returns the number as text; it is exact above 2^53
-- USES text unpack conversation
local deadline = deadline_of()
if ARGV[5] == 'add' then
  redis.call('HINCRBY', KEYS[2], ARGV[4], ARGV[6])
else
  redis.call('HSET', KEYS[2], ARGV[4], ARGV[6])
end
settle(deadline)
return redis.call('HGET', KEYS[2], ARGV[4])
