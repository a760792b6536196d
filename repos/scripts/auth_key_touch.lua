-- Notes that an API key was used; the note never goes back.
--
-- KEYS  1 key (hash)
-- ARGV  1 now, unix ms
-- Returns 1, or 0 when there is nothing to note
local held = redis.call('HMGET', KEYS[1], 'c', 'last_used')
if not held[1] or (held[2] and tonumber(held[2]) >= tonumber(ARGV[1])) then return 0 end
redis.call('HSET', KEYS[1], 'last_used', ARGV[1])
return 1
