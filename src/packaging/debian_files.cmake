# SPDX-License-Identifier: BSD-3-Clause
# Run by cpack on the tree that it packs: what Debian's policy asks of files (https://www.debian.org/doc/debian-policy, 12).
set(root "${CPACK_TEMPORARY_INSTALL_DIRECTORY}")
file(GLOB documents "${root}/usr/share/doc/gmmpi")
string(TIMESTAMP now "%a, %d %b %Y %H:%M:%S +0000" UTC)

file(RENAME "${documents}/LICENSE" "${documents}/copyright")
file(RENAME "${documents}/CHANGELOG.md" "${documents}/changelog")
file(WRITE "${documents}/changelog.Debian" "gmmpi (${CPACK_PACKAGE_VERSION}) unstable; urgency=medium

  * Made by cpack; what is new: changelog.gz.

 -- ${CPACK_PACKAGE_CONTACT}  ${now}
")
file(GLOB pages "${root}/usr/share/man/man1/*.1")
execute_process(COMMAND gzip -9nf "${documents}/changelog" "${documents}/changelog.Debian" ${pages} COMMAND_ERROR_IS_FATAL ANY)
