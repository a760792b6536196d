-- Removes one task whose deadline has come; what is below it stays.
--
-- KEYS  1 meta of the execution (hash), 2 ix (lex index of the tasks), 3 task (hash)
-- ARGV  1 now, unix ms
-- Returns the fields it had; {} when it is not there or not expired
-- USES text exec task
local task = object_of(KEYS[3])
if not task or alive(task, ARGV[1]) then return {} end
local flat = remove_task(KEYS[3], KEYS[2])
redis.call('HINCRBY', KEYS[1], 'ep', 1)
return flat
