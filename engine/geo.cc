#include "engine/geo.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace satchel::engine::geo {
namespace {

constexpr unsigned kMaxSteps = 26;  // bits a coordinate
constexpr double kEarthRadius = 6372797.560856;
constexpr double kMercatorMax = 20037726.37;  // half of the equator, in metres

double Radians(double degrees) { return degrees * (std::numbers::pi / 180); }
double Degrees(double radians) { return radians / (std::numbers::pi / 180); }

struct Interval {
  double min;
  double max;
  double span() const { return max - min; }
};
constexpr Interval kLongitudes{-kMaxLongitude, kMaxLongitude};
constexpr Interval kLatitudes{-kMaxLatitude, kMaxLatitude};

// A cell of the grid that has 2^steps columns and rows. A position on the upper edge has the
// number 2^steps, one more than the grid.
struct Cell {
  std::uint32_t x;  // longitude
  std::uint32_t y;  // latitude
  unsigned steps;

  bool operator==(const Cell&) const = default;
};

std::uint32_t StepOf(double value, Interval range, unsigned steps) {
  const double share = (value - range.min) / range.span();
  return static_cast<std::uint32_t>(share * static_cast<double>(std::uint64_t{1} << steps));
}

Cell CellOf(Position position, unsigned steps, Interval latitudes = kLatitudes) {
  return {StepOf(position.longitude, kLongitudes, steps),
          StepOf(position.latitude, latitudes, steps), steps};
}

// What a step of a coordinate covers. The arithmetic of 32 bits wraps, as in the reference.
Interval StepInterval(std::uint32_t step, unsigned steps, Interval range) {
  const auto count = static_cast<double>(std::uint64_t{1} << steps);
  const std::uint32_t next = step + 1;
  return {range.min + (step / count) * range.span(), range.min + (next / count) * range.span()};
}
Interval LongitudesOf(Cell cell) { return StepInterval(cell.x, cell.steps, kLongitudes); }
Interval LatitudesOf(Cell cell) { return StepInterval(cell.y, cell.steps, kLatitudes); }

// The neighbour that many columns and rows away; the grid wraps.
Cell Neighbour(Cell cell, int dx, int dy) {
  const std::uint32_t mask = (std::uint32_t{1} << cell.steps) - 1;
  if (dx != 0) cell.x = (cell.x + static_cast<std::uint32_t>(dx)) & mask;
  if (dy != 0) cell.y = (cell.y + static_cast<std::uint32_t>(dy)) & mask;
  return cell;
}

// Bit i of `half` moves to bit 2i.
std::uint64_t Spread(std::uint32_t half) {
  std::uint64_t bits = half;
  bits = (bits | bits << 16) & 0x0000ffff0000ffff;
  bits = (bits | bits << 8) & 0x00ff00ff00ff00ff;
  bits = (bits | bits << 4) & 0x0f0f0f0f0f0f0f0f;
  bits = (bits | bits << 2) & 0x3333333333333333;
  return (bits | bits << 1) & 0x5555555555555555;
}

std::uint32_t Gather(std::uint64_t bits) {
  bits &= 0x5555555555555555;
  bits = (bits | bits >> 1) & 0x3333333333333333;
  bits = (bits | bits >> 2) & 0x0f0f0f0f0f0f0f0f;
  bits = (bits | bits >> 4) & 0x00ff00ff00ff00ff;
  bits = (bits | bits >> 8) & 0x0000ffff0000ffff;
  return static_cast<std::uint32_t>(bits | bits >> 16);
}

std::uint64_t BitsOf(Cell cell) { return Spread(cell.x) << 1 | Spread(cell.y); }

// A score as an unsigned integer, as x86-64 converts it: negative ones wrap.
std::uint64_t BitsOf(double score) {
  if (score >= 0x1p64) return 0;
  if (score >= 0) return static_cast<std::uint64_t>(score);
  if (score < -0x1p63) return std::uint64_t{1} << 63;
  return static_cast<std::uint64_t>(static_cast<std::int64_t>(score));
}

// --- Searching -----------------------------------------------------------------------------

// How fine a grid may be so that a cell and its neighbours hold the radius.
unsigned StepsFor(double radius_m, double latitude) {
  if (radius_m == 0) return kMaxSteps;
  int steps = 1;
  for (; radius_m < kMercatorMax; radius_m *= 2) ++steps;
  steps -= 2;
  // Cells are narrower towards the poles.
  if (std::abs(latitude) > 66) --steps;
  if (std::abs(latitude) > 80) --steps;
  return static_cast<unsigned>(std::clamp(steps, 1, static_cast<int>(kMaxSteps)));
}

struct Bounds {
  Interval longitudes;
  Interval latitudes;
};

Bounds BoundsOf(const Area& area) {
  const auto [longitude, latitude] = area.center;
  const double height = area.unit * (area.is_box ? area.height / 2 : area.radius);
  const double width = area.unit * (area.is_box ? area.width / 2 : area.radius);
  const double lat_delta = Degrees(height / kEarthRadius);
  // The side that is nearer to a pole is the wider one, in degrees.
  const double wide_latitude = latitude < 0 ? latitude - lat_delta : latitude + lat_delta;
  const double lon_delta = Degrees(width / kEarthRadius / std::cos(Radians(wide_latitude)));
  return {{longitude - lon_delta, longitude + lon_delta},
          {latitude - lat_delta, latitude + lat_delta}};
}

// Whether a neighbour ends before the bounds do: the grid is too fine.
bool TooFine(Cell cell, const Bounds& bounds) {
  return LatitudesOf(Neighbour(cell, 0, 1)).max < bounds.latitudes.max ||
         LatitudesOf(Neighbour(cell, 0, -1)).min > bounds.latitudes.min ||
         LongitudesOf(Neighbour(cell, 1, 0)).max < bounds.longitudes.max ||
         LongitudesOf(Neighbour(cell, -1, 0)).min > bounds.longitudes.min;
}

ScoreSpan SpanOf(Cell cell) {
  const unsigned shift = 2 * (kMaxSteps - cell.steps);
  const std::uint64_t bits = BitsOf(cell);
  return {static_cast<double>(bits << shift), static_cast<double>((bits + 1) << shift)};
}

}  // namespace

double ScoreOf(Position position) {
  return static_cast<double>(BitsOf(CellOf(position, kMaxSteps)));
}

Position PositionOf(double score) {
  const std::uint64_t bits = BitsOf(score);
  const Cell cell{Gather(bits >> 1), Gather(bits), kMaxSteps};
  const Interval longitudes = LongitudesOf(cell);
  const Interval latitudes = LatitudesOf(cell);
  return {std::clamp((longitudes.min + longitudes.max) / 2, -kMaxLongitude, kMaxLongitude),
          std::clamp((latitudes.min + latitudes.max) / 2, -kMaxLatitude, kMaxLatitude)};
}

std::string GeohashOf(Position position) {
  constexpr char kLetters[] = "0123456789bcdefghjkmnpqrstuvwxyz";
  constexpr unsigned kBits = 2 * kMaxSteps;
  // The standard goes up to the poles.
  const std::uint64_t bits = BitsOf(CellOf(position, kMaxSteps, {-90, 90}));
  std::string text;
  for (unsigned used = 5; used <= kBits; used += 5) {
    text.push_back(kLetters[bits >> (kBits - used) & 31]);
  }
  return text + '0';  // 52 bits are not enough for the eleventh letter
}

double Distance(Position a, Position b) {
  const double lat_a = Radians(a.latitude);
  const double lon_a = Radians(a.longitude);
  const double lat_b = Radians(b.latitude);
  const double lon_b = Radians(b.longitude);
  const double v = std::sin((lon_b - lon_a) / 2);
  if (v == 0) return kEarthRadius * std::abs(lat_b - lat_a);  // other last bits than below
  const double u = std::sin((lat_b - lat_a) / 2);
  return 2.0 * kEarthRadius *
         std::asin(std::sqrt(u * u + std::cos(lat_a) * std::cos(lat_b) * v * v));
}

std::optional<double> DistanceInside(const Area& area, Position position) {
  if (!area.is_box) {
    const double distance = Distance(area.center, position);
    if (distance > area.radius * area.unit) return std::nullopt;
    return distance;
  }
  const Position same_latitude{area.center.longitude, position.latitude};
  const Position same_longitude{position.longitude, area.center.latitude};
  if (Distance(position, same_latitude) > area.width * area.unit / 2 ||
      Distance(position, same_longitude) > area.height * area.unit / 2) {
    return std::nullopt;
  }
  return Distance(area.center, position);
}

std::vector<ScoreSpan> Cover(const Area& area) {
  const Bounds bounds = BoundsOf(area);
  const double radius =
      area.is_box
          ? std::sqrt((area.width / 2) * (area.width / 2) + (area.height / 2) * (area.height / 2))
          : area.radius;
  unsigned steps = StepsFor(radius * area.unit, area.center.latitude);
  Cell center = CellOf(area.center, steps);
  if (steps > 1 && TooFine(center, bounds)) center = CellOf(area.center, --steps);

  // A side that the centre's cell covers already needs no neighbours; in the coarsest grid they
  // are all looked at.
  const Interval longitudes = LongitudesOf(center);
  const Interval latitudes = LatitudesOf(center);
  const auto needed = [&](int dx, int dy) {
    if (steps < 2) return true;
    if (dy < 0 && latitudes.min < bounds.latitudes.min) return false;
    if (dy > 0 && latitudes.max > bounds.latitudes.max) return false;
    if (dx < 0 && longitudes.min < bounds.longitudes.min) return false;
    if (dx > 0 && longitudes.max > bounds.longitudes.max) return false;
    return true;
  };
  constexpr std::array<std::array<int, 2>, 9> kOrder = {
      {{0, 0}, {0, 1}, {0, -1}, {1, 0}, {-1, 0}, {1, 1}, {-1, 1}, {1, -1}, {-1, -1}}};
  std::vector<ScoreSpan> spans;
  std::optional<Cell> last;  // of a neighbour: in a coarse grid several are the same
  for (const auto& [dx, dy] : kOrder) {
    const Cell cell = Neighbour(center, dx, dy);
    if (!needed(dx, dy) || cell == last) continue;
    spans.push_back(SpanOf(cell));
    if (dx != 0 || dy != 0) last = cell;
  }
  return spans;
}

}  // namespace satchel::engine::geo
