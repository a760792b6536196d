-- Makes all that is derived from a record of the storage backend say what the record says, unless
-- the record has changed.
--
-- KEYS  1 record (hash), 2 idx (zset: task by createdAt), 3 exp (zset: task by deadline),
--       4 vc (string: highest version given), 5 dead (zset: removed task by time)
-- ARGV  1 version of the record, "" when it was absent   2 task   3 now, unix ms
-- Returns 1, or 0 when the record has changed
-- USES text
local held = redis.call('HMGET', KEYS[1], 'v', 'x', 'c')
if (held[1] or '') ~= ARGV[1] then return 0 end
if not held[1] then
  redis.call('ZREM', KEYS[2], ARGV[2])
  redis.call('ZREM', KEYS[3], ARGV[2])
  redis.call('ZADD', KEYS[5], ARGV[3], ARGV[2])
  return 1
end
if held[3] then
  redis.call('ZADD', KEYS[2], held[3], ARGV[2])
else
  redis.call('ZADD', KEYS[2], 'NX', 0, ARGV[2])
end
if held[2] then
  redis.call('ZADD', KEYS[3], held[2], ARGV[2])
  redis.call('PEXPIREAT', KEYS[1], held[2])
else
  redis.call('ZREM', KEYS[3], ARGV[2])
  redis.call('PERSIST', KEYS[1])
end
local highest = tonumber(redis.call('GET', KEYS[4]) or '0') or 0
if highest < tonumber(held[1]) then redis.call('SET', KEYS[4], held[1]) end
redis.call('ZREM', KEYS[5], ARGV[2])
return 1
