#include "all.h"

_Static_assert(sizeof(onecard_status) == 4, "a status has 32 bits");
_Static_assert(sizeof(onecard_lang) == 4, "a language has 32 bits");

int main(int count, char **arguments) { return check_everything(count, arguments); }
