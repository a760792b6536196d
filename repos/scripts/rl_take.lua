-- Counts takes of a rate window, beginning it with the first.
--
-- KEYS  1 counter (string)
-- ARGV  1 takes   2 length of the window, ms
-- Returns {count as text, rest of the window, ms}; the text is exact above 2^53
redis.call('INCRBY', KEYS[1], ARGV[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  left = tonumber(ARGV[2])
end
return {redis.call('GET', KEYS[1]), left}
