-- Removes the stamps of an outer index that has no entries and expects none.
--
-- KEYS  1 ix (lex index), 2 ver (hash: member -> stamp), 3 dirty (zset: mark by time)
-- ARGV  none
-- Returns 1, or 0 when it is in use
if redis.call('EXISTS', KEYS[1], KEYS[3]) > 0 then return 0 end
redis.call('DEL', KEYS[2])
return 1
