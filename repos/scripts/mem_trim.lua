-- Keeps the newest messages of a conversation.
--
-- KEYS  1 list, 2 meta (hash)
-- ARGV  1 now, unix ms   2 ttl, ms, 0: none   3 "0"   4 how many stay   5 tokens after it
-- Returns the length
-- USES text unpack conversation
if redis.call('EXISTS', KEYS[1], KEYS[2]) == 0 then return 0 end
local deadline = deadline_of()
if ARGV[4] == '0' then
  redis.call('DEL', KEYS[1])
else
  redis.call('LTRIM', KEYS[1], '-' .. ARGV[4], -1)
end
redis.call('HSET', KEYS[2], 'token_count', ARGV[5])
return settle(deadline)
