// Positions on the earth as scores of a sorted set, and what lies near a place.
//
// Longitude and latitude are cut into 2^26 steps each (latitude only to 85.05 degrees, as
// maps in Mercator's projection do) and their bits are interleaved, longitude first: 52 bits,
// which a double holds exactly. Positions with a common prefix lie in one cell; a search looks
// at the cell of its centre and at its eight neighbours, in a grid just coarse enough.
// Thread: any; the functions keep nothing.
// Source: redis 7.0, geohash and geo, to the last bit and in the same order.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace satchel::engine::geo {

inline constexpr double kMaxLongitude = 180;
inline constexpr double kMaxLatitude = 85.05112878;

struct Position {
  double longitude;
  double latitude;
  bool InRange() const {
    return longitude >= -kMaxLongitude && longitude <= kMaxLongitude && latitude >= -kMaxLatitude &&
           latitude <= kMaxLatitude;
  }
};

// Requires position.InRange().
double ScoreOf(Position position);
// The middle of the score's cell, always in range. Any score will do: clients can store others.
Position PositionOf(double score);
// The standard geohash, 11 letters, of which the last is always '0'.
std::string GeohashOf(Position position);

// On a sphere, in metres.
double Distance(Position a, Position b);

// What to search: a circle, or a box along the meridians. Lengths are in units of `unit` metres.
struct Area {
  Position center;
  bool is_box = false;
  double radius = 0;  // circle
  double width = 0;   // box
  double height = 0;
  double unit = 1;
};

// The distance from the centre in metres; empty when the position is outside.
std::optional<double> DistanceInside(const Area& area, Position position);

// Scores [min, max) of a cell.
struct ScoreSpan {
  double min;
  double max;
};
// The cells that may hold what is inside, in the order in which they are searched; at most 9.
std::vector<ScoreSpan> Cover(const Area& area);

}  // namespace satchel::engine::geo
