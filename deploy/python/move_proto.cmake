# Copies the generated modules of the message file NAME from the folder FROM to the folder TO, which is the package
# recbots._proto: they import each other by the name of the proto package, recbots.v1.
foreach(suffix _pb2 _pb2_grpc)
  if(NOT EXISTS ${FROM}/${NAME}${suffix}.py)
    continue()
  endif()
  file(READ ${FROM}/${NAME}${suffix}.py text)
  string(REPLACE "from recbots.v1 import " "from recbots._proto import " text "${text}")
  file(WRITE ${TO}/${NAME}${suffix}.py "${text}")
endforeach()
