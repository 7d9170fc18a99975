# SPDX-License-Identifier: Apache-2.0
# The page of the HTML report, built by npm's esbuild out of this directory into one file. What that
# takes is fetched when the build is configured, by the lock file; where that is not possible, snarl
# is built without the format html.
#
# Sets snarl_html (whether there is a page) and snarl_html_page (the file, and what to depend on).
set(SNARL_HTML AUTO CACHE STRING "The HTML report: ON, OFF, or AUTO: if npm can fetch its parts")
set_property(CACHE SNARL_HTML PROPERTY STRINGS AUTO ON OFF)
set(snarl_html OFF)
set(html_source ${CMAKE_CURRENT_LIST_DIR})
set(html_build ${CMAKE_BINARY_DIR}/html)
set(snarl_html_page ${html_build}/page.html)
if(SNARL_HTML)
  find_program(NPM npm)
  find_program(NODE NAMES node nodejs)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${html_source}/package-lock.json)
  file(SHA256 ${html_source}/package-lock.json wanted)
  set(fetched)
  if(EXISTS ${html_build}/fetched)
    file(READ ${html_build}/fetched fetched)
  endif()
  if(NPM AND NODE AND NOT fetched STREQUAL wanted)
    foreach(name package.json package-lock.json .npmrc)
      configure_file(${html_source}/${name} ${html_build}/${name} COPYONLY)
    endforeach()
    message(STATUS "Fetching the parts of the HTML report")
    execute_process(COMMAND ${NPM} ci --fetch-timeout=30000 --fetch-retries=1
                    WORKING_DIRECTORY ${html_build} RESULT_VARIABLE failed
                    OUTPUT_QUIET ERROR_VARIABLE why)
    if(failed EQUAL 0)
      file(WRITE ${html_build}/fetched ${wanted})
      set(fetched ${wanted})
    endif()
  endif()
  if(NPM AND NODE AND fetched STREQUAL wanted)
    set(snarl_html ON)
  elseif(SNARL_HTML STREQUAL "AUTO")
    message(STATUS "No HTML report: npm is not here, or could not fetch its parts ${why}")
  else()
    message(FATAL_ERROR "npm is not here, or could not fetch the parts of the HTML report: ${why}")
  endif()
endif()
if(snarl_html)
  file(GLOB html_sources CONFIGURE_DEPENDS ${html_source}/src/*)
  add_custom_command(OUTPUT ${snarl_html_page}
                     COMMAND ${NODE} ${html_source}/build.js ${snarl_html_page}
                     DEPENDS ${html_sources} ${html_source}/build.js ${html_build}/fetched
                     WORKING_DIRECTORY ${html_build} COMMENT "Building the page of the HTML report")
endif()
