@echo off
rem Runs the installed program.
setlocal
set "HOME_DIR=%~dp0.."
set "COMMAND=%~1"
if "%COMMAND:~0,6%"=="spark-" goto spark
if exist "%HOME_DIR%\runtime\bin\java.exe" set "JAVA_HOME=%HOME_DIR%\runtime"
if defined JAVA_HOME (set "JAVA=%JAVA_HOME%\bin\java.exe") else (set "JAVA=java.exe")
rem Java knows the option since version 17.
"%JAVA%" --enable-native-access=ALL-UNNAMED -version >nul 2>&1
if errorlevel 1 (
  echo resdensenet: "%JAVA%" is missing or older than Java 17; install Java 17 or newer, or set JAVA_HOME 1>&2
  exit /b 1
)
if not defined TORCH_CPP_LOG_LEVEL set "TORCH_CPP_LOG_LEVEL=FATAL"
if not defined OPENBLAS_NUM_THREADS set "OPENBLAS_NUM_THREADS=1"
"%JAVA%" -XX:+UseSerialGC -Xmn32m -Xshare:auto -Djava.awt.headless=true ^
  -Dorg.bytedeco.javacpp.maxPhysicalBytes=0 -Dorg.bytedeco.javacpp.maxBytes=0 ^
  -Dresdensenet.terminal=false %RESDENSENET_JAVA_OPTS% -jar "%HOME_DIR%\resdensenet.jar" %*
exit /b %ERRORLEVEL%

:spark
echo resdensenet: "%COMMAND%" is not in this package; see docs/guide/spark.md of the sources 1>&2
exit /b 2
