-- Changes a locator, unless it has changed.
--
-- KEYS  1 locator (string)
-- ARGV  1 what it says   2 what it shall say; "": nothing
-- Returns 1, or 0 when it says something else by now
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '' then return redis.call('DEL', KEYS[1]) end
redis.call('SET', KEYS[1], ARGV[2])
return 1
