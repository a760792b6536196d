-- Puts another execution in the place of one that a locator names wrongly.
--
-- KEYS  1 locator (string)
-- ARGV  1 what it names   2 what it shall name; "": nothing
-- Returns 1, or 0 when it names something else by now
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '' then return redis.call('DEL', KEYS[1]) end
redis.call('SET', KEYS[1], ARGV[2])
return 1
