-- Puts a member of a sorted set right whose object lives in another slot, unless it has changed.
--
-- KEYS  1 zset
-- ARGV  1 member   2 score it had, "" when it was absent   3 score it shall have; "" removes it
-- Returns 1, or 0 when it has changed
local held = redis.call('ZSCORE', KEYS[1], ARGV[1])
if (held and tonumber(held) or '') ~= (tonumber(ARGV[2]) or '') then return 0 end
if ARGV[3] == '' then
  redis.call('ZREM', KEYS[1], ARGV[1])
else
  redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
end
return 1
