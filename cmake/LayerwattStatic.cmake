# What goes into a layerwatt that is one static file, under the names that the rest of the build knows. Debian has
# fmt and tomlplusplus as shared libraries only, but both can be compiled in.
find_path(fmt_folder fmt/format-inl.h REQUIRED)
add_library(layerwatt_fmt INTERFACE)
target_include_directories(layerwatt_fmt SYSTEM INTERFACE ${fmt_folder})
target_compile_definitions(layerwatt_fmt INTERFACE FMT_HEADER_ONLY=1)
add_library(fmt::fmt ALIAS layerwatt_fmt)

find_path(tomlplusplus_folder toml++/toml.h REQUIRED)
add_library(layerwatt_tomlplusplus INTERFACE)
target_include_directories(layerwatt_tomlplusplus SYSTEM INTERFACE ${tomlplusplus_folder})
target_compile_definitions(layerwatt_tomlplusplus INTERFACE TOML_HEADER_ONLY=1)
add_library(tomlplusplus::tomlplusplus ALIAS layerwatt_tomlplusplus)

find_library(sqlite_archive libsqlite3.a REQUIRED)
find_path(sqlite_folder sqlite3.h REQUIRED)
add_library(layerwatt_sqlite INTERFACE)
target_include_directories(layerwatt_sqlite SYSTEM INTERFACE ${sqlite_folder})
target_link_libraries(layerwatt_sqlite INTERFACE ${sqlite_archive} m)
add_library(SQLite::SQLite3 ALIAS layerwatt_sqlite)
