-- Appends an event and tells it.
--
-- KEYS  1 log (stream: type, ts, data, t)   2 last (string: last id given)
-- ARGV  1 now, unix ms   2 type   3 data, JSON   4 most events kept   5 ttl of the log, ms
--       6 ttl of last, ms   7 channel   8 execution, as JSON   9 type, as JSON
-- Returns the id
-- USES text
local log, last_key, now = KEYS[1], KEYS[2], tonumber(ARGV[1])

local newest = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
local last = redis.call('GET', last_key) or (newest and newest[1])
local ms, sequence = now, 0
if last then
  local last_ms, last_sequence = string.match(last, '^(%d+)%-(%d+)$')
  if tonumber(last_ms) >= now then
    ms, sequence = tonumber(last_ms), tonumber(last_sequence) + 1
  end
end
local id = int(ms) .. '-' .. int(sequence)

-- The latest event that will be gone once this one is stored.
local trimmed = ''
if not newest then
  trimmed = last or ''
elseif redis.call('XLEN', log) >= tonumber(ARGV[4]) then
  trimmed = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)[1][1]
else
  local fields = newest[2]
  for i = 1, #fields, 2 do
    if fields[i] == 't' then trimmed = fields[i + 1] end
  end
end

redis.call('XADD', log, 'MAXLEN', ARGV[4], id, 'type', ARGV[2], 'ts', ARGV[1], 'data', ARGV[3],
  't', trimmed)
redis.call('PEXPIRE', log, ARGV[5])
redis.call('SET', last_key, id, 'PX', ARGV[6])
redis.call('PUBLISH', ARGV[7], '{"id":"' .. id .. '","exec_id":' .. ARGV[8] .. ',"type":' ..
  ARGV[9] .. ',"ts":' .. ARGV[1] .. ',"data":' .. ARGV[3] .. '}')
return id
