-- Reads checkpoints of a thread, newest first, and removes members whose checkpoint is gone.
--
-- KEYS  1 t, 2 n
-- ARGV  1 now, unix ms   2 base of the keys; it carries the tag of KEYS[1]
--       3 namespace, escaped, or "" for all   4 escaped id that all must be older than, or ""
--       5 seq after which to go on, or ""   6 most rows
-- Returns {seq to go on after, or "", row, ...}; rows as of ck_get
-- USES text row ckpt
local C, before = ARGV[2], ARGV[4]
local spaces = ARGV[3] ~= '' and {ARGV[3]} or redis.call('ZRANGE', KEYS[2], 0, -1)
local high = ARGV[5] == '' and '+inf' or '(' .. ARGV[5]
local bound
if before ~= '' then
  for _, ns in ipairs(spaces) do
    bound = bound or redis.call('ZSCORE', C .. ':i:' .. ns, before)
  end
  -- Without the one that is named, its id says what is older.
  if bound and (ARGV[5] == '' or tonumber(bound) < tonumber(ARGV[5])) then high = '(' .. bound end
end
local found, full = {}, false
for _, ns in ipairs(spaces) do
  local rows = redis.call('ZREVRANGEBYSCORE', C .. ':i:' .. ns, high, '-inf', 'WITHSCORES',
    'LIMIT', 0, ARGV[6])
  full = full or #rows == 2 * tonumber(ARGV[6])
  for i = 1, #rows, 2 do
    found[#found + 1] = {seq = tonumber(rows[i + 1]), ns = ns, id = rows[i]}
  end
end
table.sort(found, function(a, b) return a.seq > b.seq end)
local reply = {''}
for i, row in ipairs(found) do
  if i > tonumber(ARGV[6]) then
    full = true
    break
  end
  reply[1] = int(row.seq)
  local whole = row_of(C, row.ns, row.id, ARGV[1])
  if not whole then
    drop(C, row.ns, row.id)
    latest_of(C, row.ns, ARGV[1])
  elseif before == '' or bound or row.id < before then
    reply[#reply + 1] = whole
  end
end
if not full then reply[1] = '' end
return reply
