-- Gives a lock a whole ttl more, if it is still its holder's.
--
-- KEYS  1 holder (string: token)
-- ARGV  1 token   2 ttl, ms
-- Returns 1, or 0 when the token is not there
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
