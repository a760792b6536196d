-- Removes writes whose checkpoint has never come, unless it has, or more were written.
--
-- KEYS  1 t, 2 checkpoint (hash), 3 writes (hash)
-- ARGV  1 field of t that tells when they were written   2 what it said: "" nothing, or "=" and
--       the text
-- Returns 1, or 0 when something has changed
local held = redis.call('HGET', KEYS[1], ARGV[1])
if redis.call('EXISTS', KEYS[2]) == 1 or (held and '=' .. held or '') ~= ARGV[2] then return 0 end
redis.call('DEL', KEYS[3])
redis.call('HDEL', KEYS[1], ARGV[1])
return 1
