# Debian packages, by CPack: recbots without LibTorch, and recbots-learner with what needs it. deploy/package builds and writes them.
# The version is that of project(); what the programs load becomes a dependency by dpkg-shlibdeps.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)  # Packages have no benches that need LibTorch, and no tests.

install(TARGETS recbots recbots-tools recbots-replay recbots-actor recbots-evaluator RUNTIME DESTINATION bin COMPONENT recbots)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/deploy/config/ DESTINATION share/recbots COMPONENT recbots FILES_MATCHING PATTERN *.textproto)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/deploy/monitoring DESTINATION share/recbots COMPONENT recbots USE_SOURCE_PERMISSIONS
        PATTERN Dockerfile EXCLUDE PATTERN README.md EXCLUDE)
set(packages recbots)
if(RECBOTS_TORCH)
  install(TARGETS recbots-learner recbots-train RUNTIME DESTINATION bin COMPONENT recbots-learner)
  list(APPEND packages recbots-learner)
endif()
foreach(package IN LISTS packages)
  install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION share/doc/${package} RENAME copyright COMPONENT ${package})
  install(FILES ${PROJECT_SOURCE_DIR}/CHANGELOG.md DESTINATION share/doc/${package} COMPONENT ${package})
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_COMPONENTS_ALL ${packages})
set(CPACK_PACKAGE_CONTACT "The authors of recbots <recbots@localhost>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_RECBOTS_PACKAGE_NAME recbots)
set(CPACK_DEBIAN_RECBOTS_DESCRIPTION "trains recommender bots against simulated users
 Replay, actors, evaluator and the tool recbots, with the experiments in
 /usr/share/recbots. Training also wants recbots-learner.")
set(CPACK_DEBIAN_RECBOTS_PACKAGE_SUGGESTS "recbots-learner, prometheus")
set(CPACK_DEBIAN_RECBOTS-LEARNER_PACKAGE_NAME recbots-learner)
# The version is that of the other package: roles of several versions refuse each other. And the fast BLAS: with any other one an
# update takes 5 times as long.
set(CPACK_DEBIAN_RECBOTS-LEARNER_PACKAGE_DEPENDS "recbots (= ${PROJECT_VERSION}), libopenblas0-pthread")
set(CPACK_DEBIAN_RECBOTS-LEARNER_DESCRIPTION "learner of recbots
 The programs of recbots that need LibTorch: the learner, and the trainer in
 one process.")
include(CPack)
