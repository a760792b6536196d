-- Gives a flush mark an end, if it has none.
--
-- KEYS  1 flush mark (string)
-- ARGV  1 deadline, unix ms
-- Returns 1, or 0 when it has an end, or is not there
if redis.call('PTTL', KEYS[1]) ~= -1 then return 0 end
return redis.call('PEXPIREAT', KEYS[1], ARGV[1])
