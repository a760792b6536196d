-- Puts a field right, unless its object or the field have changed since they were looked at.
--
-- KEYS  1 object (hash), 2 hash that has the field; may be the object
-- ARGV  1 version of the object, "" when it was absent   2 field   3 what it said: "" nothing, or
--       "=" and the value   4 what it shall say; "" removes it
-- Returns 1, or 0 when something has changed
if (redis.call('HGET', KEYS[1], 'v') or '') ~= ARGV[1] then return 0 end
local held = redis.call('HGET', KEYS[2], ARGV[2])
if (held and '=' .. held or '') ~= ARGV[3] then return 0 end
if ARGV[4] == '' then
  redis.call('HDEL', KEYS[2], ARGV[2])
else
  redis.call('HSET', KEYS[2], ARGV[2], string.sub(ARGV[4], 2))
end
return 1
