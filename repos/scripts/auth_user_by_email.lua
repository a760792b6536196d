-- Finds a user by email.
--
-- KEYS  1 emails (hash: email -> id)
-- ARGV  1 email, normal   2 what user keys begin with; it carries the tag of KEYS[1]
-- Returns {id, fields}; {"", {}} when there is none
-- USES text
local id = redis.call('HGET', KEYS[1], ARGV[1])
if not id then return {'', {}} end
return {id, redis.call('HGETALL', ARGV[2] .. escape(id))}
