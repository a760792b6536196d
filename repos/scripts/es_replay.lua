-- Reads events after an id, and what is gone, in one cut.
--
-- KEYS  1 log (stream: type, ts, data, t)   2 last (string: last id given)
-- ARGV  1 id after which to read, or ""   2 most events
-- Returns {id of the latest event that is gone, or "", entries of XRANGE}
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
if not newest then return {redis.call('GET', KEYS[2]) or '', {}} end
local gone = ''
for i = 1, #newest[2], 2 do
  if newest[2][i] == 't' then gone = newest[2][i + 1] end
end
local from = ARGV[1] == '' and '-' or '(' .. ARGV[1]
return {gone, redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', ARGV[2])}
