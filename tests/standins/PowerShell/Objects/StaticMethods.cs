using System.Reflection;

namespace CtrPS.StandIn.Objects;

/// <summary>Finds the methods that types and format files name.</summary>
internal static class StaticMethods
{
    public static MethodInfo Find(Assembly assembly, string type, string method) =>
        assembly.GetType(type)?.GetMethod(method, BindingFlags.Public | BindingFlags.Static)
        ?? throw new StandInException($"the method {type}.{method}, which is not there");
}
