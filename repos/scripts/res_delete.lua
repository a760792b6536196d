-- Removes a resource, and tells it.
--
-- KEYS  1 object (hash), 2 ix (lex index: <id> <version>), 3 rev (string)
-- ARGV  1 now, unix ms   2 "<id> <version>", escaped   3 channel
-- Returns 1, or 0 when there was none
-- USES text
local etag = redis.call('HGET', KEYS[1], 'e')
local existed = redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[2])
if existed == 0 then return 0 end
local rev = int(redis.call('INCR', KEYS[3]))
redis.call('PUBLISH', ARGV[3], '{"op":"delete","key":"' .. ARGV[2] .. '","etag":"' ..
  (etag or '') .. '","at":' .. ARGV[1] .. ',"rev":' .. rev .. '}')
return 1
