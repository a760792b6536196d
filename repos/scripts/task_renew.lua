-- Gives a terminal task of an active workflow a later deadline.
--
-- KEYS  1 state of the execution (hash), 2 task (hash)
-- ARGV  1 deadline, unix ms
-- Returns 1, or 0 when there is nothing to renew
-- USES text exec
local workflow, task = redis.call('HGET', KEYS[1], 'status'), redis.call('HGET', KEYS[2], 'x')
if not workflow or TERMINAL[workflow] or not task then return 0 end
redis.call('HSET', KEYS[2], 'x', ARGV[1])
settle_deadline(KEYS[2], ARGV[1])
return 1
