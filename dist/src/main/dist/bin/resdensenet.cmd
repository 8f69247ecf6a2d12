@echo off
rem Runs the installed program.
setlocal
set "HOME_DIR=%~dp0.."
if exist "%HOME_DIR%\runtime\bin\java.exe" (
  set "JAVA=%HOME_DIR%\runtime\bin\java.exe"
) else if defined JAVA_HOME (
  set "JAVA=%JAVA_HOME%\bin\java.exe"
) else (
  set "JAVA=java.exe"
)
"%JAVA%" -version >nul 2>&1
if errorlevel 1 (
  echo resdensenet: no Java found; install Java 17 or newer, or set JAVA_HOME 1>&2
  exit /b 1
)
if not defined TORCH_CPP_LOG_LEVEL set "TORCH_CPP_LOG_LEVEL=FATAL"
if not defined OPENBLAS_NUM_THREADS set "OPENBLAS_NUM_THREADS=1"
"%JAVA%" -XX:+UseSerialGC -Xmn32m -Xshare:auto -Djava.awt.headless=true ^
  -Dorg.bytedeco.javacpp.maxPhysicalBytes=0 -Dorg.bytedeco.javacpp.maxBytes=0 ^
  -Dresdensenet.terminal=false %RESDENSENET_JAVA_OPTS% -jar "%HOME_DIR%\resdensenet.jar" %*
exit /b %ERRORLEVEL%
