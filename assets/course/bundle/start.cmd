@echo off
rem Install SparCode Mini from this folder, without a network, and open the first lesson.
rem
rem It goes to the folder sparcode-mini of your user; SPARCODE_HOME names another one. To open the
rem lessons again, start it again: your copies in the folder `work` stay as they are.
setlocal
set "here=%~dp0"
if not defined SPARCODE_HOME set "SPARCODE_HOME=%USERPROFILE%\sparcode-mini"
set "python=%SPARCODE_HOME%\.venv\Scripts\python.exe"

rem robocopy ends with 8 or more if something went wrong
robocopy "%here%project" "%SPARCODE_HOME%" /e /njh /njs /ndl /nfl /np
if errorlevel 8 goto failed
rem to fetch the films at home, without the stick
copy /y "%here%check_laptop.py" "%SPARCODE_HOME%\check_laptop.py" >nul
if errorlevel 1 goto failed
copy /y "%here%$system\uv.exe" "%SPARCODE_HOME%\uv.exe" >nul
if errorlevel 1 goto failed

if exist "%python%" goto install
"%SPARCODE_HOME%\uv.exe" venv --no-config --quiet --python $python "%SPARCODE_HOME%\.venv"
if errorlevel 1 goto nopython

:install
echo Installing into %SPARCODE_HOME%; this takes one to five minutes
"%SPARCODE_HOME%\uv.exe" pip install --no-config --no-cache --offline --no-index --find-links "%here%$system\wheels" --python "%python%" --editable "%SPARCODE_HOME%[$extras]" pip
if errorlevel 1 goto failed
"%python%" "%SPARCODE_HOME%\check_laptop.py" --project "%SPARCODE_HOME%"
if "%SPARCODE_LAB%"=="no" goto end
"%python%" -m sparcode_mini.lab
goto end

:nopython
echo Python $python is not on this laptop. Install it from the folder "python" of the stick, if your
echo teacher has put it there, or from python.org. Then start this again.
pause
exit /b 1

:failed
echo Something went wrong; the lines above say what. Is the disk full? Else ask your teacher.
pause
exit /b 1

:end
pause
