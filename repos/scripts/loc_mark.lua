-- Marks a locator as one to be removed, in the place of another's mark.
--
-- KEYS  1 locator (string)
-- ARGV  1 execution, escaped   2 token
-- Returns 1, or 0 when it does not name the execution
local held = redis.call('GET', KEYS[1])
if not held or string.match(held, '^[^ ]*') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[2])
return 1
