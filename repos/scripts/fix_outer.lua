-- Makes an outer index say of a member what its object says, also when the index believes to be
-- up to date; see idx_apply.
--
-- KEYS  1 ix (lex index), 2 ver (hash: member -> stamp)
-- ARGV  1 member   2 stamp the index has, "" for none   3 stamp of the object   4... entries
-- Returns 1, or 0 when the index has another stamp by now
if (redis.call('HGET', KEYS[2], ARGV[1]) or '') ~= ARGV[2] then return 0 end
for i = 4, #ARGV do
  local added = redis.call('ZADD', KEYS[1], 0, ARGV[i])
  if added == 1 and string.sub(ARGV[i], 1, 1) == 'x' then redis.call('HINCRBY', KEYS[2], '*', 1) end
end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
return 1
