"""Games in the shapes of other libraries, one module a library; no part of coopsim needs them."""
