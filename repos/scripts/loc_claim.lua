-- Lets a locator name an execution, unless it names another one; takes a remover's mark away.
--
-- KEYS  1 locator (string)
-- ARGV  1 execution, escaped
-- Returns {what the locator says now, 1 when this has changed it, else 0}
local held = redis.call('GET', KEYS[1])
if held and string.match(held, '^[^ ]*') ~= ARGV[1] then return {held, 0} end
if held == ARGV[1] then return {held, 0} end
redis.call('SET', KEYS[1], ARGV[1])
return {ARGV[1], 1}
