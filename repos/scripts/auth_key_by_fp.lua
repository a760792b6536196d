-- Finds an API key by its fingerprint.
--
-- KEYS  1 fps (hash: hex fingerprint -> id)
-- ARGV  1 hex fingerprint   2 what API key keys begin with; it carries the tag of KEYS[1]
-- Returns {id, fields}; {"", {}} when there is none
-- USES text
local id = redis.call('HGET', KEYS[1], ARGV[1])
if not id then return {'', {}} end
return {id, redis.call('HGETALL', ARGV[2] .. escape(id))}
