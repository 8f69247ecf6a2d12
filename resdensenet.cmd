@echo off
rem Builds on first use, then runs. After a change of the sources, delete cli\target to build again.
setlocal
set "HERE=%~dp0"
set "JAR=%HERE%cli\target\resdensenet.jar"
set "COMMAND=%~1"
if "%COMMAND:~0,6%"=="spark-" goto spark
if defined JAVA_HOME (set "JAVA=%JAVA_HOME%\bin\java.exe") else (set "JAVA=java.exe")
rem Java knows the option since version 17.
"%JAVA%" --enable-native-access=ALL-UNNAMED -version >nul 2>&1
if errorlevel 1 (
  echo resdensenet: "%JAVA%" is missing or older than Java 17; install a JDK 17 or newer, or set JAVA_HOME 1>&2
  exit /b 1
)
if not exist "%JAR%" (
  echo Building resdensenet ^(once; the first time Maven fetches about 380 MB^)... 1>&2
  call "%HERE%mvnw.cmd" -q -ntp -f "%HERE%pom.xml" -pl cli -am package -DskipTests 1>&2
  if errorlevel 1 exit /b 1
)
if not defined TORCH_CPP_LOG_LEVEL set "TORCH_CPP_LOG_LEVEL=FATAL"
if not defined OPENBLAS_NUM_THREADS set "OPENBLAS_NUM_THREADS=1"
"%JAVA%" -XX:+UseSerialGC -Xmn32m -Xshare:auto -Djava.awt.headless=true ^
  -Dorg.bytedeco.javacpp.maxPhysicalBytes=0 -Dorg.bytedeco.javacpp.maxBytes=0 ^
  -Dresdensenet.terminal=false %RESDENSENET_JAVA_OPTS% -jar "%JAR%" %*
exit /b %ERRORLEVEL%

:spark
echo resdensenet: "%COMMAND%" needs Linux or macOS; see docs/guide/spark.md 1>&2
exit /b 2
