-- Keys of a thread, C its base; namespaces and ids are escaped.
local function ck_key(C, ns, id) return C .. ':c:' .. ns .. ':' .. id end
local function writes_key(C, ns, id) return C .. ':w:' .. ns .. ':' .. id end
local function blob_key(C, ns, text)
  local name = string.gsub(text, ' ', ':')
  return C .. ':b:' .. ns .. ':' .. name
end

-- The texts of `cv`, one a line.
local function texts_of(cv)
  local texts = {}
  for text in string.gmatch(cv or '', '[^\n]+') do texts[#texts + 1] = text end
  return texts
end

-- A whole row: {ns, id, fields, writes, {text, sealed value, ...}}; nil unless it lives.
local function row_of(C, ns, id, now)
  local fields, held = redis.call('HGETALL', ck_key(C, ns, id)), {}
  for i = 1, #fields, 2 do held[fields[i]] = fields[i + 1] end
  if not held.seq or (held.x and tonumber(held.x) <= tonumber(now)) then return nil end
  local blobs = {}
  for _, text in ipairs(texts_of(held.cv)) do
    blobs[#blobs + 1] = text
    blobs[#blobs + 1] = redis.call('GET', blob_key(C, ns, text))
  end
  return {ns, id, fields, redis.call('HGETALL', writes_key(C, ns, id)), blobs}
end
