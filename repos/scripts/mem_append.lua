-- Appends messages to a conversation and counts their tokens.
--
-- KEYS  1 list, 2 meta (hash)
-- ARGV  1 now, unix ms   2 ttl, ms, 0: none   3 "1": the deadline begins anew
--       4 tokens, added   5 most messages, 0: all   6... messages
-- Returns the length
-- USES text unpack conversation
local deadline = deadline_of()
redis.call('HINCRBY', KEYS[2], 'token_count', ARGV[4])
push(6, tonumber(ARGV[5]))
return settle(deadline)
