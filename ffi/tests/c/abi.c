#include "abi.h"

_Static_assert(sizeof(onecard_status) == 4, "a status has 32 bits");
_Static_assert(sizeof(onecard_lang) == 4, "a language has 32 bits");

int main(void) { return check_all(); }
