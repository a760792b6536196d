-- Writes a resource under a condition, and tells it.
--
-- KEYS  1 object (hash), 2 ix (lex index: <id> <version>), 3 rev (string), 4 clk (string)
-- ARGV  1 now, unix ms   2 JSON   3 its ETag   4 condition: "any", "new" or "etag"
--       5 "etag": the one expected   6 "<id> <version>", escaped   7 channel
-- Returns {"ok"}, {"missing"}, {"mismatch", actual ETag}
-- USES text stamp
local etag = redis.call('HGET', KEYS[1], 'e')
if ARGV[4] == 'etag' and not etag then return {'missing'} end
if (ARGV[4] == 'new' and etag) or (ARGV[4] == 'etag' and etag ~= ARGV[5]) then
  return {'mismatch', etag}
end
if etag then
  redis.call('HINCRBY', KEYS[1], 'v', 1)
else
  redis.call('HSET', KEYS[1], 'f', '1', 'v', '1', 'c', int(next_stamp(KEYS[4], ARGV[1])))
end
redis.call('HSET', KEYS[1], 'u', ARGV[1], 'j', ARGV[2], 'e', ARGV[3])
redis.call('ZADD', KEYS[2], 0, ARGV[6])
local rev = int(redis.call('INCR', KEYS[3]))
redis.call('PUBLISH', ARGV[7], '{"op":"put","key":"' .. ARGV[6] .. '","etag":"' .. ARGV[3] ..
  '","at":' .. ARGV[1] .. ',"rev":' .. rev .. '}')
return {'ok'}
