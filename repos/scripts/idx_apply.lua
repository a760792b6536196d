-- Brings what an outer index says of a member to the state of one commit, unless it knows a newer
-- one; takes back the mark.
--
-- KEYS  1 ix (lex index), 2 ver (hash: member -> stamp), 3 dirty (zset: mark by time)
-- ARGV  1 member   2 stamp "<c> <v>", 16 and 20 digits   3 mark   4 "1": the object was deleted
--       5 number of old entries   6... old entries, then new ones
-- Returns 1, or 0 when a stamp as new was there
redis.call('ZREM', KEYS[3], ARGV[3])
local held = redis.call('HGET', KEYS[2], ARGV[1])
if held and held >= ARGV[2] then return 0 end
local news = 6 + tonumber(ARGV[5])
for i = 6, news - 1 do
  -- What starts with x stands for all tasks of an execution: readers find out when none is left.
  if string.sub(ARGV[i], 1, 1) ~= 'x' then redis.call('ZREM', KEYS[1], ARGV[i]) end
end
if ARGV[4] == '1' then
  redis.call('HDEL', KEYS[2], ARGV[1])
  return 1
end
for i = news, #ARGV do
  redis.call('ZADD', KEYS[1], 0, ARGV[i])
  if string.sub(ARGV[i], 1, 1) == 'x' then redis.call('HINCRBY', KEYS[2], '*', 1) end
end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
return 1
