-- Removes an entry whose object says something else, unless a commit was applied since it was
-- read.
--
-- KEYS  1 ix (lex index), 2 ver (hash: member -> stamp)
-- ARGV  1 entry   2 guarding member   3 its stamp when the entry was read, "" for none
--       4 "1": the object is gone, and its stamp goes, too
-- Returns 1, or 0 when it stays
local held = redis.call('HGET', KEYS[2], ARGV[2]) or ''
if held ~= ARGV[3] and not (ARGV[4] == '1' and held == '') then return 0 end
if ARGV[4] == '1' and ARGV[2] ~= '*' then
  redis.call('HDEL', KEYS[2], ARGV[2])
end
return redis.call('ZREM', KEYS[1], ARGV[1])
