-- A whole number as text, and with zeros before it.
local function int(n) return string.format('%.0f', n) end
local function pad16(n) return string.format('%016.0f', n) end
-- The escaping of ids in keys and index members.
local function escape(id)
  if id == '' then return '!' end
  return (string.gsub(id, '[^A-Za-z0-9%-_.~@+/=]', function(c)
    return string.format('%%%02X', string.byte(c))
  end))
end
