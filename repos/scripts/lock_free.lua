-- Deletes a token, if it is there: a lock's, or any other flag's.
--
-- KEYS  1 holder (string: token)
-- ARGV  1 token
-- Returns 1, or 0 when the token is not there
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
