#include "all.h"

#include <type_traits>

static_assert(std::is_same_v<std::underlying_type_t<onecard_status>, uint32_t>);
static_assert(std::is_same_v<std::underlying_type_t<onecard_lang>, uint32_t>);

int main(int count, char **arguments) { return check_everything(count, arguments); }
