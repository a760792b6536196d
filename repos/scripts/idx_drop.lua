-- Removes an entry whose object says something else, unless a commit was applied since it was
-- read.
--
-- KEYS  1 ix (lex index), 2 ver (hash: member -> stamp)
-- ARGV  1 entry   2 guarding member   3 its stamp when the entry was read, "" for none
-- Returns 1, or 0 when it stays
if (redis.call('HGET', KEYS[2], ARGV[2]) or '') ~= ARGV[3] then return 0 end
return redis.call('ZREM', KEYS[1], ARGV[1])
