-- Puts a string right whose object lives in another slot, unless it has changed.
--
-- KEYS  1 string
-- ARGV  1 what it said: "" nothing, or "=" and the text   2 what it shall say; "" removes it
-- Returns 1, or 0 when it has changed
local held = redis.call('GET', KEYS[1])
if (held and '=' .. held or '') ~= ARGV[1] then return 0 end
if ARGV[2] == '' then
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], string.sub(ARGV[2], 2))
end
return 1
