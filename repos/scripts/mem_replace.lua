-- Puts other messages in the place of a conversation's.
--
-- KEYS  1 list, 2 meta (hash)
-- ARGV  1 now, unix ms   2 ttl, ms, 0: none   3 "0"
--       4 tokens, or "": as they are   5 most messages, 0: all   6... messages
-- Returns the length
-- USES text unpack conversation
local deadline = deadline_of()
redis.call('DEL', KEYS[1])
push(6, tonumber(ARGV[5]))
if ARGV[4] ~= '' then redis.call('HSET', KEYS[2], 'token_count', ARGV[4]) end
return settle(deadline)
