-- Puts members of an index right, unless their object has changed since it was looked at.
--
-- KEYS  1 object (hash), 2 index (zset)
-- ARGV  1 version of the object, "" when it was absent   2... of each member: "+" or "-", score,
--       member
-- Returns 1, or 0 when the object has changed
if (redis.call('HGET', KEYS[1], 'v') or '') ~= ARGV[1] then return 0 end
for i = 2, #ARGV, 3 do
  if ARGV[i] == '+' then
    redis.call('ZADD', KEYS[2], ARGV[i + 1], ARGV[i + 2])
  else
    redis.call('ZREM', KEYS[2], ARGV[i + 2])
  end
end
return 1
